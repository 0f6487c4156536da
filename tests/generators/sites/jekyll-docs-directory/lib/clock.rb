puts Time.now
