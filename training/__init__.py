"""How the demo model is made: pictures drawn by code, then three networks trained on them."""
