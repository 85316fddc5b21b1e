using EbpfLb.Testing;

namespace EbpfLb.Model.Tests;

public sealed class ClusterStateBuilderTests
{
    private readonly ClusterStateBuilder builder = new();

    [Fact]
    public void An_empty_builder_makes_an_empty_snapshot()
    {
        Assert.Empty(builder.Build().Services);
        Assert.Null(builder.Build().Node);
        Assert.Empty(ClusterSnapshot.Empty.Services);
    }

    [Contract("3", "owner: by label and namespace; without the label ignored with a warning; may come before its Service")]
    [Fact]
    public void A_slice_may_come_before_its_service()
    {
        Assert.True(builder.Set(Build.Slice("web-1", "web")));
        var early = builder.Build().Services[Build.Name("web")];
        Assert.Null(early.Service);
        Assert.Single(early.Slices);

        Assert.True(builder.Set(Build.Service("web")));
        var entry = builder.Build().Services[Build.Name("web")];
        Assert.Equal(Build.Service("web"), entry.Service);
        Assert.Same(early.Slices[0], entry.Slices[0]);
    }

    [Contract("3", "nothing relevant changed: nothing is programmed; nor for a change that is taken back")]
    [Fact]
    public void An_update_with_the_same_content_keeps_the_references()
    {
        builder.Set(Build.Service("web"));
        builder.Set(Build.Slice("web-1", "web"));
        builder.Set(Build.Node("n1"));
        var before = builder.Build();

        Assert.False(builder.Set(Build.Service("web")));
        Assert.False(builder.Set(Build.Slice("web-1", "web")));
        Assert.False(builder.Set(Build.Node("n1")));

        var after = builder.Build();
        Assert.Same(before.Services, after.Services);
        Assert.Same(before.Node, after.Node);
    }

    [Fact]
    public void Another_trigger_time_alone_is_no_change_of_a_slice()
    {
        var slice = Build.Slice("web-1", "web");
        builder.Set(slice with { TriggerTime = DateTimeOffset.UnixEpoch });
        var before = builder.Build();

        Assert.False(builder.Set(slice with { TriggerTime = DateTimeOffset.UnixEpoch.AddHours(1) }));
        Assert.Same(before.Services, builder.Build().Services);

        Assert.True(builder.Set(Build.Slice("web-1", "web", "10.244.0.2") with { TriggerTime = DateTimeOffset.UnixEpoch.AddHours(2) }));
        Assert.Equal(DateTimeOffset.UnixEpoch.AddHours(2), builder.Build().Services[Build.Name("web")].Slices[0].TriggerTime);
    }

    [Fact]
    public void A_change_leaves_all_other_entries_as_they_were()
    {
        builder.Set(Build.Service("a"));
        builder.Set(Build.Service("b"));
        builder.Set(Build.Slice("b-1", "b"));
        var before = builder.Build();

        Assert.True(builder.Set(Build.Service("a", "10.96.0.99")));

        var after = builder.Build();
        Assert.NotSame(before.Services[Build.Name("a")], after.Services[Build.Name("a")]);
        Assert.Same(before.Services[Build.Name("b")], after.Services[Build.Name("b")]);
        Assert.Equal(IpAddress.Parse("10.96.0.1"), before.Services[Build.Name("a")].Service!.ClusterIPs[0]);
    }

    [Fact]
    public void Slices_of_a_service_are_ordered_by_name()
    {
        foreach (var name in new[] { "web-c", "web-a", "web-d", "web-b" }) builder.Set(Build.Slice(name, "web"));
        Assert.Equal(
            ["web-a", "web-b", "web-c", "web-d"],
            builder.Build().Services[Build.Name("web")].Slices.Select(s => s.Name.Name));
    }

    [Contract("3", "endpoints that change slices: a result of the union")]
    [Fact]
    public void A_slice_that_changes_its_owner_leaves_the_old_one()
    {
        builder.Set(Build.Service("old"));
        builder.Set(Build.Slice("s", "old"));
        Assert.True(builder.Set(Build.Slice("s", "new")));

        var services = builder.Build().Services;
        Assert.Empty(services[Build.Name("old")].Slices);
        Assert.Single(services[Build.Name("new")].Slices);
        Assert.Equal([Build.Name("s")], builder.SliceNames);
    }

    [Fact]
    public void An_entry_goes_with_its_last_object()
    {
        builder.Set(Build.Service("web"));
        builder.Set(Build.Slice("web-1", "web"));
        Assert.True(builder.RemoveService(Build.Name("web")));
        Assert.Null(builder.Build().Services[Build.Name("web")].Service);
        Assert.True(builder.RemoveSlice(Build.Name("web-1")));
        Assert.Empty(builder.Build().Services);
    }

    [Fact]
    public void Removing_what_is_not_there_changes_nothing()
    {
        builder.Set(Build.Slice("web-1", "web"));
        var before = builder.Build();
        Assert.False(builder.RemoveService(Build.Name("web")));
        Assert.False(builder.RemoveService(Build.Name("other")));
        Assert.False(builder.RemoveSlice(Build.Name("other")));
        Assert.Same(before.Services, builder.Build().Services);
    }

    [Fact]
    public void The_node_can_change_and_go()
    {
        Assert.False(builder.Set((Node?)null));
        Assert.True(builder.Set(Build.Node("n1")));
        Assert.True(builder.Set(Build.Node("n1") with { Zone = "z" }));
        Assert.Equal("z", builder.Build().Node!.Zone);
        Assert.True(builder.Set((Node?)null));
        Assert.Null(builder.Build().Node);
    }

    [Fact]
    public void A_node_without_addresses_has_the_last_ones()
    {
        builder.SetAny(At("n1", "192.0.2.1"));
        builder.SetAny(At("n1"));
        Assert.Equal(["n1 192.0.2.1"], Places());
        Assert.Empty(builder.FindAny("n1")!.Addresses);

        builder.SetAny(At("n1", "192.0.2.9"));
        Assert.Equal(["n1 192.0.2.9"], Places());
        builder.SetAny(At("n2"));
        Assert.Equal(["n1 192.0.2.9", "n2 "], Places());
    }

    [Fact]
    public void A_node_that_is_deleted_is_known_as_long_as_an_endpoint_is_there()
    {
        builder.SetAny(At("n1", "192.0.2.1"));
        builder.SetAny(At("n2", "192.0.2.2"));
        builder.Set(On("web-1", "web", "n1"));
        builder.Set(On("web-2", "web", "n1"));
        builder.Set(On("web-3", "web", "n2"));
        Assert.True(builder.RemoveAny("n1"));
        Assert.Null(builder.FindAny("n1"));
        Assert.Equal(["n2"], builder.AnyNames);
        Assert.Equal(["n1 192.0.2.1", "n2 192.0.2.2"], Places());

        builder.RemoveSlice(Build.Name("web-1"));
        Assert.Equal(["n1 192.0.2.1", "n2 192.0.2.2"], Places());
        builder.Set(On("web-2", "web", "n2"));
        Assert.Equal(["n2 192.0.2.2"], Places());

        // It is not known again because an endpoint is.
        builder.Set(On("web-2", "web", "n1"));
        Assert.Equal(["n2 192.0.2.2"], Places());
    }

    [Fact]
    public void A_node_that_is_deleted_and_comes_back_has_what_it_then_has()
    {
        builder.SetAny(At("n1", "192.0.2.1"));
        builder.Set(On("web-1", "web", "n1"));
        builder.RemoveAny("n1");
        builder.SetAny(At("n1"));
        Assert.Equal(["n1 192.0.2.1"], Places());
        builder.SetAny(At("n1", "192.0.2.9"));
        Assert.Equal(["n1 192.0.2.9"], Places());
    }

    [Fact]
    public void A_node_opens_tunnels_as_its_object_said_last()
    {
        builder.SetAny(At("n1", "192.0.2.1") with { OpensTunnels = false });
        builder.Set(On("web-1", "web", "n1"));
        Assert.False(Assert.Single(builder.Build().Nodes).OpensTunnels);
        builder.RemoveAny("n1");
        Assert.False(Assert.Single(builder.Build().Nodes).OpensTunnels);

        builder.RemoveSlice(Build.Name("web-1"));
        Assert.Empty(builder.Build().Nodes);
        builder.SetAny(At("n1", "192.0.2.1"));
        Assert.True(Assert.Single(builder.Build().Nodes).OpensTunnels);
    }

    /// <summary>Deleted, or without addresses: what it had may be given to another node.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void An_address_that_another_node_has_is_no_longer_that_of_one_before(bool isDeleted)
    {
        builder.SetAny(At("n1", "192.0.2.1", "2001:db8::1"));
        builder.Set(On("web-1", "web", "n1"));
        if (isDeleted) builder.RemoveAny("n1");
        else builder.SetAny(At("n1"));
        builder.SetAny(At("n2", "192.0.2.2"));
        Assert.Equal(2, builder.Build().Nodes.Count);

        builder.SetAny(At("n2", "192.0.2.2", "2001:db8::1"));
        Assert.Equal(isDeleted ? ["n2 192.0.2.2 2001:db8::1"] : ["n1 ", "n2 192.0.2.2 2001:db8::1"], Places());
    }

    private static Node At(string name, params string[] addresses)
        => Build.Node(name) with { Addresses = addresses.Select(IpAddress.Parse).ToValueList() };

    private static EndpointSlice On(string name, string service, string node) => Build.Slice(name, service) with
    {
        Endpoints = [new Endpoint(IpAddress.Parse("10.244.0.1"), EndpointConditions.Default, node)],
    };

    private IEnumerable<string> Places() => builder.Build().Nodes.Select(n => $"{n.Name} {string.Join(' ', n.Addresses)}");

    [Fact]
    public void Names_of_services_and_slices_are_those_that_are_there()
    {
        builder.Set(Build.Service("a"));
        builder.Set(Build.Service("b"));
        builder.Set(Build.Slice("c-1", "c"));
        builder.RemoveService(Build.Name("b"));
        Assert.Equal([Build.Name("a")], builder.ServiceNames);
        Assert.Equal([Build.Name("c-1")], builder.SliceNames);
    }

    [Fact]
    public void What_is_refused_in_a_Service_stays_as_it_was_until_it_is_right_again()
    {
        var (good, wrong) = (Build.Service("web") with { Scheduler = Scheduler.LeastConnection, MaglevTableSize = 509 },
            Build.Service("web") with { MaglevTableSize = 1021, Refused = [new RefusedField(RefusedField.Scheduler, "is \"best\"")] });
        builder.Set(wrong);
        Assert.Null(Web().Scheduler);
        builder.Set(good);
        Assert.Empty(Web().Refused);

        Assert.True(builder.Set(wrong));
        Assert.Equal((Scheduler.LeastConnection, 1021), (Web().Scheduler, Web().MaglevTableSize));
        Assert.Single(Web().Refused);
        Assert.False(builder.Set(wrong));
        Assert.True(builder.Set(Build.Service("web")));
        Assert.Null(Web().Scheduler);

        builder.Set(good);
        builder.RemoveService(Build.Name("web"));
        builder.Set(wrong);
        Assert.Null(Web().Scheduler);

        Service Web() => builder.Build().Services[Build.Name("web")].Service!;
    }

    [Fact]
    public void Weights_stay_as_they_were_while_an_annotation_of_theirs_is_refused()
    {
        var (first, second) = (new Endpoint(IpAddress.Parse("10.1.0.1"), EndpointConditions.Default),
            new Endpoint(IpAddress.Parse("10.1.0.2"), EndpointConditions.Default));
        builder.Set(Build.Slice("web-1", "web") with { Endpoints = [first with { Weight = 7 }] });

        Assert.True(builder.Set(Build.Slice("web-1", "web") with
        {
            Endpoints = [first, second with { Weight = 3 }], Refused = [new RefusedField(RefusedField.Weights, "is \"x\"")],
        }));
        Assert.Equal([7, 3], Weights());
        builder.Set(Build.Slice("web-1", "web") with { Endpoints = [first, second] });
        Assert.Equal([1, 1], Weights());

        IEnumerable<ushort> Weights() => builder.Build().Services[Build.Name("web")].Slices[0].Endpoints.Select(e => e.Weight);
    }
}
