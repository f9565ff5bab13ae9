"""The explorer: a page on this machine that redraws a proven menu while its sliders move."""
