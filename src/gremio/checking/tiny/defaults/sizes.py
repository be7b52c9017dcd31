"""The numbers on which components agree."""

# Width of text and image embeddings, before and after projection.
WIDTH = 32

# Channels of the blocks of a UNet: much code has written down that its norms have 32 groups.
UNET_WIDTHS = (32, 64)

# Pixels per side of what image encoders see: the real number, since some pipelines resize to it themselves.
PIXELS = 224

# Width of the text encoder of Kolors: the real number, since some pipelines check the size of a vector against it.
GLM_WIDTH = 4096
