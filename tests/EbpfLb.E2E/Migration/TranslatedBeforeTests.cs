using EbpfLb.Testing.Probes;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Migration;

/// <summary>Connections that began through kube-proxy's rules go on when an agent starts: netfilter translates them to their end.</summary>
public sealed class TranslatedBeforeTests
{
    private const int Count = 100;

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Tcp_connections_to_ClusterIPs_and_NodePorts_go_on(Family family)
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        bed.Pod.Do($"hold id=held to={MigrationBed.ToClusterIP(family)} count={Count}");
        bed.Outside.Do($"hold id=held to={bed.ToNodePort(family)} count={Count}");

        bed.StartAgent();

        Assert.Equal($"{Count}", bed.Pod.Ask("exchange id=held")["answered"]);
        Assert.Equal($"{Count}", bed.Outside.Ask("exchange id=held")["answered"]);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Tcp_connections_to_external_addresses_and_of_pods_behind_a_program_go_on(Family family)
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy(externalIP: true);
        bed.Pod.Do($"hold id=held to={MigrationBed.ToExternalIP(family)} count={Count}");
        bed.Outside.Do($"hold id=held to={MigrationBed.ToExternalIP(family)} count={Count}");

        bed.StartAgent("--pod-device", "p-+");

        Assert.Equal($"{Count}", bed.Pod.Ask("exchange id=held")["answered"]);
        Assert.Equal($"{Count}", bed.Outside.Ask("exchange id=held")["answered"]);
    }

    [Theory]
    [InlineData(Family.IPv4)]
    [InlineData(Family.IPv6)]
    public void Connected_udp_sockets_keep_their_backends(Family family)
    {
        using var bed = new MigrationBed("iptables-nft");
        bed.LoadKubeProxy();
        List<ProbeSocket> sockets = [.. Enumerable.Range(0, 10).SelectMany(_ =>
            new[] { Connected(bed.Pod, MigrationBed.ToClusterIP(family)), Connected(bed.Outside, bed.ToNodePort(family)) })];
        var before = sockets.Select(s => Ask(s, 1)).ToList();

        bed.StartAgent();
        // Sockets that nothing translates are ended by now.
        Eventually.True(() => bed.Agent.MetricsOf("ebpflb_untranslated_sockets ").EndsWith(" 0", StringComparison.Ordinal),
            () => $"sockets to be looked at: {bed.Agent.MetricsOf("ebpflb_untranslated")}");

        Assert.Equal(["a", "c"], before.Distinct().Order());
        Assert.Equal(before, sockets.Select(s => Ask(s, 2)));
    }

    internal static ProbeSocket Connected(NetProbe probe, string to)
    {
        var socket = probe.Open("udp", to, "timeout=2000");
        Assert.True(socket.Connect(to).Ok);
        return socket;
    }

    internal static string Ask(ProbeSocket socket, int number)
    {
        var sent = socket.Send(number);
        Assert.True(sent.Ok, $"{sent}");
        var answer = socket.Receive(number);
        Assert.True(answer.Ok, $"{answer}");
        return answer["name"];
    }
}
