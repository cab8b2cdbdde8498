"""Time: the working-day clock, limits of stages, the calendar, and the sweep that acts."""
