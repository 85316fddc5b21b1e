using EbpfLb.Model;
using EbpfLb.Testing;
using static EbpfLb.Kubernetes.Tests.Wire.WireFixture;

namespace EbpfLb.Kubernetes.Tests.Wire;

public sealed class SliceMappingTests
{
    private readonly WireFixture wire = new();

    private EndpointSlice Slice(string rest, string type = "IPv4") => wire.Slice(
        $$$"""{"metadata":{"name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":"web"}},"addressType":"{{{type}}}",{{{rest}}} }""")!;

    [Contract("3", "addresses: the first; without one skipped with a warning")]
    [Contract("3", "hints: zones and nodes; the endpoint's own zone says nothing")]
    [Fact]
    public void A_slice_maps_with_all_its_fields()
    {
        var slice = wire.Slice("""
            {"metadata":{"name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":"web","service.kubernetes.io/headless":""},
              "annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"2026-11-21T00:09:08.123456789Z"}},
             "addressType":"IPv4",
             "endpoints":[{"addresses":["10.1.0.1","10.1.0.2"],"conditions":{"ready":true,"serving":true,"terminating":false},
               "nodeName":"node-1","zone":"a","hints":{"forZones":[{"name":"a"},{"name":"b"}],"forNodes":[{"name":"node-1"}]}}],
             "ports":[{"name":"http","protocol":"TCP","port":8080}]}
            """);

        Assert.Equal(
            new EndpointSlice(
                new("shop", "web-1"),
                "web",
                IpFamily.IPv4,
                [new("http", TransportProtocol.Tcp, 8080)],
                [new(Ip("10.1.0.1"), EndpointConditions.Default, "node-1", new EndpointHints(["a", "b"], ["node-1"])) { Zone = "a" }],
                ServiceLabels.Headless,
                new DateTimeOffset(2026, 11, 21, 0, 9, 8, TimeSpan.Zero).AddTicks(1234568)),
            slice);
        Assert.Empty(wire.Warnings);
    }

    [Contract("1", "fields used: all of them, and null is as left out")]
    [Contract("3", "conditions: null: ready, serving, not terminating")]
    [Theory]
    [InlineData("{}", EndpointConditions.Ready | EndpointConditions.Serving)]
    [InlineData("null", EndpointConditions.Ready | EndpointConditions.Serving)]
    [InlineData("""{"ready":null,"serving":null,"terminating":null}""", EndpointConditions.Ready | EndpointConditions.Serving)]
    [InlineData("""{"ready":false}""", EndpointConditions.Serving)]
    [InlineData("""{"ready":false,"serving":false}""", EndpointConditions.None)]
    [InlineData("""{"ready":false,"terminating":true}""", EndpointConditions.Serving | EndpointConditions.Terminating)]
    public void Conditions_have_the_defaults_of_the_API(string conditions, EndpointConditions expected)
        => Assert.Equal(
            expected, Slice($$""" "endpoints":[{"addresses":["10.1.0.1"],"conditions":{{conditions}}}] """).Endpoints[0].Conditions);

    [Contract(
        "18",
        "serving, terminating, hints.forZones, hints.forNodes, internalTrafficPolicy, ipMode: absent: serving, not terminating, no "
        + "hints, Cluster, VIP")]
    [Fact]
    public void Endpoints_without_conditions_are_ready()
        => Assert.Equal(EndpointConditions.Default, Slice(""" "endpoints":[{"addresses":["10.1.0.1"]}] """).Endpoints[0].Conditions);

    [Contract("3", "port null or 0: ignored")]
    [Fact]
    public void Ports_without_a_number_are_ignored_quietly()
    {
        var slice = Slice(""" "endpoints":[],"ports":[{"name":"all"},{"name":"zero","port":0},{"name":"ok","port":1}] """);

        Assert.Equal([new("ok", TransportProtocol.Tcp, 1)], slice.Ports);
        Assert.Empty(wire.Warnings);
    }

    [Fact]
    public void Null_lists_and_null_node_names_are_empty()
    {
        var slice = Slice(""" "endpoints":null,"ports":null """);

        Assert.Empty(slice.Endpoints);
        Assert.Empty(slice.Ports);
        Assert.Null(Slice(""" "endpoints":[{"addresses":["10.1.0.1"],"nodeName":null}] """).Endpoints[0].NodeName);
    }

    [Contract("2", "two data sets: each family by itself; slices by addressType, FQDN ignored")]
    [Fact]
    public void A_slice_of_names_is_ignored_quietly()
    {
        Assert.Null(Slice(""" "endpoints":[{"addresses":["db.example.com"]}] """, "FQDN"));
        Assert.Empty(wire.Warnings);
    }

    [Contract("3", "owner: by label and namespace; without the label ignored with a warning; may come before its Service")]
    [Theory]
    [InlineData("""{"metadata":{"name":"web-1","namespace":"shop"},"addressType":"IPv4"}""")]
    [InlineData("""{"metadata":{"name":"web-1","namespace":"shop","labels":{"kubernetes.io/service-name":""}},"addressType":"IPv4"}""")]
    public void A_slice_that_names_no_service_is_ignored_with_a_warning(string text)
    {
        Assert.Null(wire.Slice(text));
        Assert.Equal("metadata.labels[kubernetes.io/service-name]", Assert.Single(wire.Warnings).Field);
    }

    [Contract("3", "addresses: the first; without one skipped with a warning")]
    [Theory]
    [InlineData("""{"addresses":[]}""", "endpoints[0].addresses", "")]
    [InlineData("""{"addresses":["10.1.0"]}""", "endpoints[0].addresses[0]", "10.1.0")]
    [InlineData("""{"addresses":["fd00::1"]}""", "endpoints[0].addresses[0]", "fd00::1")]
    public void An_endpoint_without_a_usable_address_is_dropped_and_named(string endpoint, string field, string value)
    {
        var slice = Slice($$""" "endpoints":[{{endpoint}},{"addresses":["010.001.000.009"]}] """);

        Assert.Equal([new(Ip("10.1.0.9"), EndpointConditions.Default)], slice.Endpoints);
        var warning = Assert.Single(wire.Warnings);
        Assert.Equal((field, value), (warning.Field, warning.Value));
    }

    [Theory]
    [InlineData("yesterday")]
    [InlineData("")]
    public void An_unreadable_trigger_time_counts_as_missing(string text) => Assert.Null(wire.Slice(
        $$$"""{"metadata":{"name":"a","namespace":"b","labels":{"kubernetes.io/service-name":"c"},"annotations":{"endpoints.kubernetes.io/last-change-trigger-time":"{{{text}}}"}},"addressType":"IPv4"}""")!.TriggerTime);

    [Fact]
    public void Repeated_strings_ports_and_hints_are_one_instance()
    {
        const string rest
            = """ "endpoints":[{"addresses":["10.1.0.1"],"nodeName":"node-1","hints":{"forZones":[{"name":"a"}]}}],"ports":[{"name":"http","port":8080}] """;

        EndpointSlice one = Slice(rest), two = Slice(rest);

        Assert.Same(one.Name.Namespace, two.Name.Namespace);
        Assert.Same(one.ServiceName, two.ServiceName);
        Assert.Same(one.Endpoints[0].NodeName, two.Endpoints[0].NodeName);
        Assert.Same(one.Endpoints[0].Hints, two.Endpoints[0].Hints);
        Assert.True(one.Ports.AsSpan() == two.Ports.AsSpan());
    }
}
