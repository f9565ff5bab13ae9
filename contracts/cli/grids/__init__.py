"""What `contracts sweep` does: a problem file over a grid."""
