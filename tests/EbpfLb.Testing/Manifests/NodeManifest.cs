using EbpfLb.Testing.Netns;

namespace EbpfLb.Testing.Manifests;

/// <summary>Node objects of test nodes.</summary>
public static class NodeManifest
{
    /// <summary>With its name and addresses, as YAML.</summary>
    public static string Of(NodeNetns node) => $$"""
        ---
        apiVersion: v1
        kind: Node
        metadata: { name: {{node.Name}} }
        status:
          addresses:
          - { type: InternalIP, address: "{{node.IPv4}}" }
          - { type: InternalIP, address: "{{node.IPv6}}" }

        """;
}
