"""The do-not-share list: values of which nothing leaves, whatever markings and agreements say."""
