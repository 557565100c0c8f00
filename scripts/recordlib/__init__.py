"""The parts of scripts/record-qemu-trace: from probes in a running QEMU to the files of a trace."""
