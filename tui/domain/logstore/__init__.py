"""One job's log in memory: compact, ordered, without doubles, bounded; and which of its lines are rows."""
