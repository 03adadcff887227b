"""Back ends that nobody here wrote: each test is skipped where its program cannot be had."""
