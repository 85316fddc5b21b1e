using System.Text;
using EbpfLb.Kubernetes.Manifests;
using EbpfLb.Kubernetes.Manifests.Parser;

namespace EbpfLb.Kubernetes.Tests.Manifests;

/// <summary>YAML with a "-" that nothing follows has null in a list, which no list of these objects should have.</summary>
public sealed class NullItemTests
{
    private const string Good = """
        {"apiVersion":"v1","kind":"Service","metadata":{"name":"good"},"spec":{"clusterIP":"10.96.0.1","ports":[{"port":80}]}}
        """;

    private const string Slice = "discovery.k8s.io/v1/EndpointSlice";

    public static TheoryData<string, string> Lists { get; } = new()
    {
        { "v1/Service", "\"spec\":{\"ports\":[null]}" },
        { "v1/Service", "\"spec\":{\"clusterIPs\":[null]}" },
        { "v1/Service", "\"spec\":{\"externalIPs\":[null]}" },
        { "v1/Service", "\"spec\":{\"ipFamilies\":[null]}" },
        { "v1/Service", "\"spec\":{\"loadBalancerSourceRanges\":[null]}" },
        { "v1/Service", "\"status\":{\"loadBalancer\":{\"ingress\":[null]}}" },
        { "v1/Endpoints", "\"subsets\":[null]" },
        { "v1/Endpoints", "\"subsets\":[{\"addresses\":[null]}]" },
        { "v1/Endpoints", "\"subsets\":[{\"notReadyAddresses\":[null]}]" },
        { "v1/Endpoints", "\"subsets\":[{\"addresses\":[{\"ip\":\"10.0.0.1\"}],\"ports\":[null]}]" },
        { Slice, "\"endpoints\":[null]" },
        { Slice, "\"endpoints\":[{\"addresses\":[null]}]" },
        { Slice, "\"endpoints\":[{\"addresses\":[\"10.0.0.1\"],\"hints\":{\"forZones\":[null]}}]" },
        { Slice, "\"endpoints\":[{\"addresses\":[\"10.0.0.1\"],\"hints\":{\"forNodes\":[null]}}]" },
        { Slice, "\"endpoints\":[],\"ports\":[null]" },
        { "v1/Node", "\"spec\":{\"podCIDRs\":[null]}" },
        { "v1/Node", "\"spec\":{\"taints\":[null]}" },
        { "v1/Node", "\"status\":{\"addresses\":[null]}" },
        { "networking.k8s.io/v1/ServiceCIDR", "\"spec\":{\"cidrs\":[null]}" },
    };

    [Theory]
    [MemberData(nameof(Lists))]
    public void The_object_is_read_or_refused_with_a_reason_and_others_are_read(string type, string field)
    {
        var at = type.LastIndexOf('/');
        var item = $$$"""
            {"apiVersion":"{{{type[..at]}}}","kind":"{{{type[(at + 1)..]}}}",
             "metadata":{"name":"odd","labels":{"kubernetes.io/service-name":"odd"}},"addressType":"IPv4",{{{field}}} }
            """;
        var list = Encoding.UTF8.GetBytes($$"""{"apiVersion":"v1","kind":"List","items":[{{item}},{{Good}}]}""");
        foreach (var isLenient in (bool[])[false, true])
        {
            var options = new ManifestOptions("/", ManifestFolder.NodeName) { IsLenient = isLenient };

            var content = new ManifestReader(options, _ => { }, (_, _, _) => { }).Read("x.json", list, out var broken);

            Assert.Null(broken);
            Assert.Contains(content!.Objects, o => o?.Service?.Name.Name == "good");
            Assert.True(content.Objects.Any(o => o?.Identity.Name.Name == "odd") || content.Problems.Any(p => p.Reason.Length > 0),
                $"lenient: {isLenient}: neither read nor refused");
        }
    }
}
