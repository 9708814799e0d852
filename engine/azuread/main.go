// Command pulumi-resource-azuread serves HashiCorp's azuread provider to the Pulumi engine through
// Pulumi's Terraform bridge, for machines that cannot download the official plugin. It has no
// overlays of its own, so tokens and properties equal those of the pulumi_azuread package.
package main

import (
	"context"

	"github.com/hashicorp/terraform-provider-azuread/xpprovider"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge"
	"github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfbridge/tokens"
	shimv2 "github.com/pulumi/pulumi-terraform-bridge/v3/pkg/tfshim/sdk-v2"
)

// version is set at link time to the version of the pulumi_azuread Python package.
var version = "0.0.0"

func main() {
	provider, err := xpprovider.GetProviderSchema(context.Background())
	if err != nil {
		panic(err)
	}
	info := tfbridge.ProviderInfo{
		P:       shimv2.NewProvider(provider),
		Name:    "azuread",
		Version: version,
	}
	info.MustComputeTokens(tokens.SingleModule("azuread_", "index", tokens.MakeStandard("azuread")))
	tfbridge.Main("azuread", version, info, nil)
}
