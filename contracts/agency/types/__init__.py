"""Type and action hidden together: agents report who they are and are told what to do, and may lie about both."""
