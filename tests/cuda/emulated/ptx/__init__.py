"""Reads PTX, as nvcc writes it, and writes C++ that runs it a warp at a time on the machine of ``machine/``.

Every function becomes a C++ function over basic blocks. Within a block, runs of arithmetic become a loop over
the 32 lanes, and accesses to memory calls that check and count. Lanes that branch differently are kept in a
stack of masks and meet again at the branch's immediate post-dominator.

What is not understood is an error, never a guess.
"""
