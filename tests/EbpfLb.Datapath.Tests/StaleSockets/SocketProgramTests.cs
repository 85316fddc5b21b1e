using System.Net.Sockets;
using EbpfLb.Bpf;
using EbpfLb.Datapath.StaleSockets;

namespace EbpfLb.Datapath.Tests.StaleSockets;

/// <summary>A program for sockets that the kernel refuses costs only itself, and is told of.</summary>
[Collection(typeof(OwnCgroup))]
public sealed class SocketProgramTests
{
    /// <summary>Precondition of the tests of iterators: on a kernel that refuses one this is the test that fails.</summary>
    [Fact]
    public async Task The_kernel_takes_every_program_that_finds_and_ends_sockets()
    {
        await using var lab = new StaleLab();

        lab.Stale.Load();

        Assert.Equal([], lab.Stale.Features.Where(f => !f.IsAvailable).Select(f => $"{f.Name}: {f.Reason}"));
        Assert.Equal(
            ["iter_udp", "iter_tcp", "iter_udp_untranslated", "bpf_sock_destroy"], lab.Stale.Features.Select(f => f.Name));
    }

    [Fact]
    public async Task What_the_kernel_takes_is_not_known_before_sockets_are_looked_for()
    {
        await using var lab = new StaleLab(new HashSet<string> { "lb_find_udp" });

        Assert.Equal(
            ["iter_udp", "iter_tcp", "iter_udp_untranslated", "bpf_sock_destroy"], lab.Stale.Features.Select(f => f.Name));
        Assert.All(lab.Stale.Features, f => Assert.Equal((false, false, false), (f.IsKnown, f.IsAvailable, f.IsMissing)));

        lab.Stale.EndSockets(tcp: false, untranslated: false);

        Assert.Equal(["iter_udp"], lab.Stale.Features.Where(f => f.IsMissing).Select(f => f.Name));
        Assert.All(lab.Stale.Features, f => Assert.True(f.IsKnown));
    }

    public static TheoryData<string, string, string[]> Refusals => new()
    {
        { "lb_find_udp", "iter_udp", [] },
        { "lb_find_tcp", "iter_tcp", ["sock_diag_storage"] },
        { "lb_untrans_udp", "iter_udp_untranslated", [] },
        { "lb_end_udp", "bpf_sock_destroy", [] },
        { "lb_end_tcp", "bpf_sock_destroy", [] },
    };

    [Theory]
    [MemberData(nameof(Refusals))]
    public async Task A_refused_program_costs_only_its_own_feature_and_the_kernels_answer_is_said_in_one_line(
        string program, string feature, string[] added)
    {
        await using var lab = new StaleLab(new HashSet<string> { program });
        lab.Listen("127.0.0.2", 9953);
        var untranslated = lab.Connect(StaleLab.Service4);
        lab.Apply(StaleLab.Dns("127.0.0.2"), keepTcp: true);
        Socket[] stale = [lab.Connect(StaleLab.Service4), lab.Connect(StaleLab.Service4, protocol: ProtocolType.Tcp)];

        lab.Apply(StaleLab.Dns("127.0.0.3"), keepTcp: true);
        var report = lab.Stale.EndSockets(tcp: true, untranslated: true);

        Assert.Equal(new StaleSocketReport(CountOf("lb_find_udp"), CountOf("lb_find_tcp"), CountOf("lb_untrans_udp"), null), report);
        Assert.Equal([program != "lb_find_udp", true], stale.Select(s => StaleLab.ReceiveError(s) == SocketError.ConnectionAborted));
        Assert.Equal(program != "lb_untrans_udp", StaleLab.ReceiveError(untranslated) == SocketError.ConnectionAborted);
        var missing = Assert.Single(lab.Stale.Features, f => !f.IsAvailable);
        Assert.Equal(feature, missing.Name);
        Assert.Contains("EINVAL (22, Invalid argument)", missing.Reason);
        Assert.Contains(program, missing.Reason);
        Assert.DoesNotContain('\n', missing.Reason);
        Assert.DoesNotContain("CAP_", missing.Reason);
        Assert.Equal(added,
            lab.Stale.Features.Select(f => f.Name).Except(["iter_udp", "iter_tcp", "iter_udp_untranslated", "bpf_sock_destroy"]));

        // Only TCP has another way to be found.
        SocketCount CountOf(string finder) => program == finder && finder != "lb_find_tcp" ? SocketCount.Unknown : new SocketCount(1, 1);
    }

    [Fact]
    public async Task Where_nothing_finds_sockets_their_number_is_not_known()
    {
        await using var lab = new StaleLab(new HashSet<string> { "lb_find_udp", "lb_find_tcp", "lb_untrans_udp", "sock_diag_storage" });
        lab.Apply(StaleLab.Dns("127.0.0.2"));
        lab.Connect(StaleLab.Service4);

        lab.Apply(StaleLab.Dns("127.0.0.3"));

        Assert.Equal(new StaleSocketReport(SocketCount.Unknown, SocketCount.Unknown, SocketCount.Unknown, null),
            lab.Stale.EndSockets(tcp: true, untranslated: true));
        Assert.Equal(["iter_tcp", "iter_udp", "iter_udp_untranslated", "sock_diag_storage"],
            Missing(lab).Select(f => f.Name).Order(StringComparer.Ordinal));
        Assert.All(Missing(lab).Where(f => f.Name.StartsWith("iter", StringComparison.Ordinal)),
            f => Assert.Contains("connect anew by themselves", f.Lost));
    }

    /// <summary>As on Linux 6.1 to 6.4 built without CONFIG_INET_DIAG_DESTROY.</summary>
    [Fact]
    public async Task Where_nothing_ends_sockets_it_is_said_that_clients_have_to_connect_anew()
    {
        await using var lab = new StaleLab(new HashSet<string> { "lb_end_udp", "lb_end_tcp", "SOCK_DESTROY" });

        lab.Stale.Load();

        var missing = Assert.Single(Missing(lab));
        Assert.Equal("bpf_sock_destroy", missing.Name);
        Assert.Equal("UDP and TCP sockets of removed endpoints are found and not ended: their clients have to connect anew by themselves",
            missing.Lost);
        Assert.Contains("end a Udp socket: EOPNOTSUPP", missing.Reason);
        Assert.Contains("CONFIG_INET_DIAG_DESTROY", missing.Reason);
    }

    [Theory]
    [InlineData(ProtocolType.Udp)]
    [InlineData(ProtocolType.Tcp)]
    public void This_kernel_ends_sockets_on_request(ProtocolType protocol)
    {
        Assert.Null(NetlinkEnder.Probe(protocol));
        Assert.Equal($"sock_diag does not find {protocol} sockets", NetlinkEnder.Probe(protocol, _ => false));
    }

    private static IEnumerable<KernelFeature> Missing(StaleLab lab) => lab.Stale.Features.Where(f => !f.IsAvailable);
}
