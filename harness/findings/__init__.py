"""Rules, findings and judgements; levels and waivers; a finding as text."""
