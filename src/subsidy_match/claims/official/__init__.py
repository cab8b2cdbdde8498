"""Official documents over many claims: public notices with their objections, and allocations of money."""
