"""Parts with a lower marking: new objects of ours, made of what others hold back, with the telling taken out."""
