"""What Diffusers' own community folder asks for."""
