"""What the product does, verb by verb. Knows neither Chalice nor boto nor PynamoDB."""
