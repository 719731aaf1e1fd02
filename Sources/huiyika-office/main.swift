print("huiyika")
