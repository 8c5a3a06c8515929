"""Arabic and French as text: comparing forms, months, languages, the lexicon. Pure; imports nothing of ours."""
