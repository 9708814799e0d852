"""What a tenant is made of, as Pulumi components: declaration only, no HTTP."""
