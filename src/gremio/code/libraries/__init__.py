"""What is installed, read and never imported: packages, what their modules export, where names live now."""
