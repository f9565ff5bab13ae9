"""Real people: what a survey's groups agree on, and whether menus made for them serve people who were held out."""
