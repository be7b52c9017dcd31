"""Gremio: community pipelines and community components of Diffusers."""
