using EbpfLb.Testing;
using EbpfLb.Testing.Probes;

namespace EbpfLb.E2E.Services;

/// <summary>Which destinations are translated, which are refused and which are nobody's business.</summary>
public sealed class DestinationTests(TestNode node) : IClassFixture<TestNode>
{
    public static TheoryData<Family> Families { get; } = [Family.IPv4, Family.IPv6, Family.Mapped];

    [Contract(
        "8",
        "what a refusal is: a reset for TCP, where kube-proxy sends port unreachable; port unreachable else; ECONNREFUSED at the "
        + "socket")]
    [Theory]
    [InlineData(LoadMode.Tcp, "connect")]
    [InlineData(LoadMode.UdpConnected, "connect")]
    [InlineData(LoadMode.Udp, "send")]
    [InlineData(LoadMode.UdpShared, "send")]
    public void A_service_without_endpoints_refuses_at_once(LoadMode mode, string call)
    {
        var service = node.Publish();

        foreach (var family in Families)
        {
            var report = node.Probe.Load(service.Load(mode, family.Data) with { Count = 20 });

            Assert.Equal(0, report.Answered);
            Assert.Equal([new($"{call}/ECONNREFUSED", 20)], report.Errors);
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_pod_address_is_left_alone(Family family)
    {
        var pod = node.Backends[0];
        var to = family == Family.IPv6 ? $"[{pod.IPv6}]:8080" : $"{pod.IPv4}:8080";
        foreach (var mode in (LoadMode[])[LoadMode.Tcp, LoadMode.Udp, LoadMode.UdpConnected, LoadMode.UdpShared])
        {
            var report = node.Probe.Load(new LoadSpec(mode, to) { Count = 10, Mapped = family == Family.Mapped });

            Assert.True(report.IsClean, report.Line);
            Assert.Equal(10, report.By("a/8080"));
        }
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_port_of_a_ClusterIP_that_is_no_service_port_is_refused(Family family)
    {
        var service = node.Publish("a");
        foreach (var mode in Enum.GetValues<LoadMode>())
        {
            var report = node.Probe.Load(new LoadSpec(mode, service.Address(family, 81)) { Count = 1, Mapped = family == Family.Mapped });

            // The connect() of a datagram socket is let through (docs/decisions/0012), to nowhere.
            Assert.EndsWith(
                mode == LoadMode.UdpConnected ? "/EHOSTUNREACH" : "/ECONNREFUSED", report.Errors.Keys.Single(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_protocol_is_part_of_the_destination()
    {
        var service = node.NewService("a");
        var tcpOnly = service with { Manifest = service.Manifest with { Ports = [service.Manifest.Ports[0]] } };
        node.Manifests.Put(tcpOnly.Manifest);
        Testing.Processes.Eventually.True(
            () => node.Probe.Load(tcpOnly.Load(LoadMode.Tcp, Family.IPv4) with { Count = 1 }).IsClean, "TCP to be served");

        var report = node.Probe.Load(service.Load(LoadMode.UdpConnected, Family.IPv4) with { Count = 1 });

        Assert.Equal(["connect/EHOSTUNREACH"], report.Errors.Keys);
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void One_unconnected_socket_talks_to_several_services_by_turns(Family family)
    {
        var (first, second) = (node.Publish("a"), node.Publish("b"));
        var socket = OpenUdp(first, family);

        for (var number = 1; number <= 10; number++)
        {
            foreach (var (service, name) in new[] { (first, "a/8080"), (second, "b/8080") })
            {
                Assert.True(socket.Send(number, service.Address(family)).Ok);
                var answer = socket.Receive(number);
                Assert.Equal((name, service.Seen(family)), (answer["name"], answer["address"]));
            }
        }
        socket.Close();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void Answers_that_come_late_still_show_the_service_that_was_asked(Family family)
    {
        var services = new[] { node.Publish("a"), node.Publish("b"), node.Publish("c") };
        var socket = OpenUdp(services[0], family);
        foreach (var service in services)
            Assert.True(socket.Send(7, service.Address(family)).Ok);

        var answers = services.Select(_ => socket.Receive(7)).Select(answer => (answer["name"], answer["address"])).Order();

        Assert.Equal(
            [("a/8080", services[0].Seen(family)), ("b/8080", services[1].Seen(family)), ("c/8080", services[2].Seen(family))], answers);
        socket.Close();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void One_unconnected_socket_talks_to_a_service_and_to_a_pod(Family family)
    {
        var service = node.Publish("a");
        var pod = node.Backends[1];
        var direct = family == Family.IPv6 ? $"[{pod.IPv6}]:8080" : $"{pod.IPv4}:8080";
        var seen = family == Family.Mapped ? $"[::ffff:{pod.IPv4}]:8080" : direct;
        var socket = OpenUdp(service, family);

        for (var number = 1; number <= 3; number++)
        {
            foreach (
                var (to, name, address) in new[] { (service.Address(family), "a/8080", service.Seen(family)), (direct, "b/8080", seen) })
            {
                Assert.True(socket.Send(number, to).Ok);
                var answer = socket.Receive(number);
                Assert.Equal((name, address), (answer["name"], answer["address"]));
            }
        }
        socket.Close();
    }

    [Theory]
    [MemberData(nameof(Families))]
    public void A_UDP_socket_that_connects_again_has_its_new_peer(Family family)
    {
        var (first, second) = (node.Publish("a"), node.Publish("b"));
        var pod = node.Backends[2];
        var direct = family == Family.IPv6 ? $"[{pod.IPv6}]:8080" : $"{pod.IPv4}:8080";
        var seen = family == Family.Mapped ? $"[::ffff:{pod.IPv4}]:8080" : direct;
        var socket = OpenUdp(first, family);

        foreach (var (to, name, address) in new[]
        {
            (first.Address(family), "a/8080", first.Seen(family)),
            (second.Address(family), "b/8080", second.Seen(family)),
            (direct, "c/8080", seen),
            (first.Address(family), "a/8080", first.Seen(family)),
        })
        {
            Assert.True(socket.Connect(to).Ok);
            Assert.Equal(address, socket.Peer);
            Assert.True(socket.Send(1).Ok);
            var answer = socket.Receive(1);
            Assert.Equal((name, address), (answer["name"], answer["address"]));
        }
        socket.Close();
    }

    private ProbeSocket OpenUdp(TestService service, Family family) =>
        node.Probe.Open("udp", service.Address(family), family == Family.Mapped ? "mapped=1" : "");
}
