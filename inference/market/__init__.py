"""What estimates say about markets: shares, elasticities, surplus, what a menu earns, and costs behind prices."""
