"""A model of a device: from what ran on the emulator to a time. The README says what it is worth."""
