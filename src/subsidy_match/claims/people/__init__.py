"""People and claims: agents and their authorisations, interests, delegations, administration, staffing."""
