"""The parts of scripts/campaign. Standard library only."""
