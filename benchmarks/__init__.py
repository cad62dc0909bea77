"""What things cost. `operators.py` is the program; the other files are its parts.

measuring      contenders in turns, their times
chains         chains of map and filter, in four libraries
counterparts   our operators beside reactivex's of the same name
alone          operators that reactivex has not, beside a map
inner          subscriptions to inner streams
report         the tables, the budgets, the page
environment    a place of its own for the peers
"""
