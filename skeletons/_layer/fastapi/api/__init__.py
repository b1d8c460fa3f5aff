"""What all endpoints share: problems for errors, JSON bodies, ids, deadlines, logs, probes."""
