"""Community code that is too short for a file of its own."""

PLAIN = """
from diffusers import StableDiffusionPipeline

class Plain(StableDiffusionPipeline):
    pass
"""
