"""What shows whether a norm is a good account of a group: copying instead, and whether offers fit any norm at all."""
