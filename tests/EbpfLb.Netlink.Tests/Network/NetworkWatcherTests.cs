using EbpfLb.Netlink.Network;
using EbpfLb.Testing.Processes;

namespace EbpfLb.Netlink.Tests.Network;

/// <summary>What comes and goes while somebody watches is told.</summary>
public sealed class NetworkWatcherTests : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(120);

    private readonly TestNamespace netns = new();
    private readonly NetworkWatcher watcher;
    private readonly CancellationTokenSource stop = new(Limit);
    private readonly IAsyncEnumerator<NetworkChange> changes;

    public NetworkWatcherTests()
    {
        watcher = netns.Open(NetworkWatcher.Open);
        changes = watcher.ReadAsync(stop.Token).GetAsyncEnumerator(stop.Token);
    }

    public void Dispose()
    {
        stop.Dispose();
        watcher.Dispose();
        netns.Dispose();
    }

    [Fact]
    public async Task A_device_comes_and_goes()
    {
        netns.Ip("link add ve0 type veth peer name ve1");
        await NextAsync<LinkChange>(c => c is { IsGone: false, Link: { Name: "ve0", Kind: "veth", IsUp: false } });

        netns.Ip("link set ve0 up");
        await NextAsync<LinkChange>(c => c is { IsGone: false, Link: { Name: "ve0", IsUp: true } });

        netns.Ip("link del ve0");
        await NextAsync<LinkChange>(c => c is { IsGone: true, Link.Name: "ve0" });
    }

    [Fact]
    public async Task A_port_that_leaves_its_bridge_is_not_gone()
    {
        netns.Ip("link add br0 type bridge", "link add ve0 type veth peer name ve1", "link set ve0 master br0");
        await NextAsync<LinkChange>(c => c.Link is { Name: "ve0", MasterIndex: > 0 });

        netns.Ip("link set ve0 nomaster", "link del br0");

        LinkChange change;
        do
        {
            change = await NextAsync<LinkChange>(_ => true);
            Assert.False(change is { IsGone: true, Link.Name: "ve0" }, change.ToString());
        }
        while (change is not { IsGone: true, Link.Name: "br0" });
    }

    [Fact]
    public async Task Addresses_come_and_go()
    {
        netns.Ip("link add ve0 type veth peer name ve1", "addr add 192.0.2.1/24 dev ve0", "addr add 2001:db8::1/64 dev ve0 nodad");
        await NextAsync<AddressChange>(c => !c.IsGone && c.Address.Local.ToString() == "192.0.2.1");
        await NextAsync<AddressChange>(c => !c.IsGone && c.Address.Local.ToString() == "2001:db8::1");

        netns.Ip("addr del 192.0.2.1/24 dev ve0", "addr del 2001:db8::1/64 dev ve0");
        await NextAsync<AddressChange>(c => c.IsGone && c.Address.Local.ToString() == "192.0.2.1");
        await NextAsync<AddressChange>(c => c.IsGone && c.Address.Local.ToString() == "2001:db8::1");
    }

    [Fact]
    public async Task Addresses_of_a_namespace_that_a_device_leads_to_are_told_where_that_is_asked_for()
    {
        using var everywhere = netns.Open(NetworkWatcher.OpenEverywhere);
        using var inner = new TestNamespace();
        netns.Ip($"link add ve0 type veth peer name ve1 netns {inner.Node.Netns}");

        inner.Ip("addr add 192.0.2.77/24 dev ve1");

        await foreach (var change in everywhere.ReadAsync(stop.Token))
            if (change is AddressChange { IsGone: false } found && found.Address.Local.ToString() == "192.0.2.77") return;
    }

    [Fact]
    public async Task A_removed_qdisc_is_told()
    {
        netns.Ip("link add ve0 type veth peer name ve1");
        await NextAsync<LinkChange>(c => c.Link.Name == "ve0");
        Tc("qdisc", "add", "dev", "ve0", "clsact");

        Tc("qdisc", "del", "dev", "ve0", "clsact");
        var qdisc = await NextAsync<TrafficControlChange>(_ => true);

        Assert.NotEqual(0, qdisc.LinkIndex);
    }

    [Fact]
    public async Task Routes_come_and_go()
    {
        netns.Ip("link add ve0 type veth peer name ve1", "link set ve0 up", "addr add 192.0.2.1/24 dev ve0",
            "route add 10.0.0.0/8 via 192.0.2.9");
        await NextAsync<RouteChange>(c
            => !c.IsGone && c.Routes[0].Prefix.ToString() == "10.0.0.0/8" && c.Routes[0].Gateway!.ToString() == "192.0.2.9");

        netns.Ip("route del 10.0.0.0/8");
        await NextAsync<RouteChange>(c => c.IsGone && c.Routes[0].Prefix.ToString() == "10.0.0.0/8");
    }

    [Fact]
    public async Task A_reader_that_is_too_slow_is_told_that_it_lost_some()
    {
        netns.Ip("link add ve0 type veth peer name ve1", "link set ve0 up");
        // Far more than any default receive buffer holds.
        netns.Ip([.. Enumerable.Range(0, 5000).Select(i => $"route add 10.{i / 250}.{i % 250}.0/24 dev ve0")]);

        await NextAsync<ChangesLost>(_ => true);

        // What the buffer still holds is in the way of the next change, which may be lost too: it is made again until it is told.
        var told = NextAsync<AddressChange>(c => c.Address.Local.ToString() == "192.0.2.1");
        while (!told.IsCompleted) netns.Ip("addr add 192.0.2.1/24 dev ve0", "addr del 192.0.2.1/24 dev ve0");
        await told;
    }

    /// <summary>Nobody can bind to it before. Without a carrier the kernel does not begin to look for duplicates.</summary>
    [Fact]
    public async Task That_no_duplicate_of_an_address_was_found_is_told()
    {
        netns.Ip("link add ve0 type veth peer name ve1");
        netns.Open(() =>
        {
            // The namespaces of tests have it off.
            foreach (var setting in (string[])["accept_dad", "dad_transmits"])
                File.WriteAllText($"/proc/sys/net/ipv6/conf/ve0/{setting}", "1");
            return 0;
        });
        netns.Ip("link set ve0 up", "addr add 2001:db8::7/64 dev ve0");
        using var reader = netns.Open(NetworkReader.Open);
        Assert.True(reader.Read().Addresses.Single(a => a.Local.ToString() == "2001:db8::7").Flags.HasFlag(AddressFlags.Tentative));

        netns.Ip("link set ve1 up");
        await NextAsync<AddressChange>(c
            => !c.IsGone && c.Address.Local.ToString() == "2001:db8::7" && !c.Address.Flags.HasFlag(AddressFlags.Tentative));
        Assert.False(reader.Read().Addresses.Single(a => a.Local.ToString() == "2001:db8::7").Flags.HasFlag(AddressFlags.Tentative));
    }

    private void Tc(params string[] arguments)
    {
        var (code, output) = ChildProcess.Run(netns.Node.Place, ["tc", .. arguments]);
        Assert.True(code == 0, output);
    }

    /// <summary>Skips the rest; the token ends a wait that is without success.</summary>
    private async Task<T> NextAsync<T>(Func<T, bool> isIt)
        where T : NetworkChange
    {
        while (await changes.MoveNextAsync())
            if (changes.Current is T change && isIt(change)) return change;
        throw new InvalidOperationException("the changes ended");
    }
}
