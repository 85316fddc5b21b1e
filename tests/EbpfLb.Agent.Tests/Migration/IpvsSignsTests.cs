using EbpfLb.Agent.Migration;
using EbpfLb.Agent.Output;

namespace EbpfLb.Agent.Tests.Migration;

/// <summary>
/// What `ebpflb migrate plan` says of what IPVS mode left. The texts are written after the format of the kernel
/// (net/netfilter/ipvs/ip_vs_ctl.c) and of ipset(8): the kernel of the tests has no IPVS.
/// </summary>
public sealed class IpvsSignsTests
{
    private const string Header = """
        IP Virtual Server version 1.2.1 (size=4096)
        Prot LocalAddress:Port Scheduler Flags
          -> RemoteAddress:Port Forward Weight ActiveConn InActConn

        """;

    private const string Servers = """
        TCP  0A60000A:0050 rr
          -> 0AF40005:1F90      Masq    1      0          0
          -> 0AF40105:1F90      Masq    1      3          1
        TCP  0A600001:01BB rr persistent 10800
          -> AC120002:192B      Masq    1      0          0
        UDP  [fd00:0010:0096:0000:0000:0000:0000:000a]:0035 rr
          -> [fd00:0010:0244:0000:0000:0000:0000:0005]:0035      Masq    1      0          0
        FWM  00000001 wlc

        """;

    private static readonly SavedRules Saved = new("/var/lib/ebpflb/migrate");

    [Fact]
    public void Virtual_servers_of_any_protocol_and_family_are_counted_without_their_real_servers()
        => Assert.Equal(["virtual servers in /proc/net/ip_vs (4)"], Of(Header + Servers, sets: null));

    [Fact]
    public void A_table_with_headings_alone_is_no_sign()
        => Assert.Empty(Of(Header, sets: ""));

    /// <summary>A module that is not loaded has no file; a tool that failed has no output.</summary>
    [Fact]
    public void What_is_not_there_is_no_sign()
        => Assert.Empty(IpvsSigns.Of([], table: null, sets: null));

    [Fact]
    public void Sets_of_kube_proxy_are_counted_and_those_of_others_are_not()
        => Assert.Equal(
            ["ipsets KUBE-* (3)"],
            Of(Header, "KUBE-CLUSTER-IP\nKUBE-6-LOOP-BACK\ncali40masq-ipam-pools\nMY-KUBE-SET\nkube-router-pods\nKUBE-NODE-PORT-TCP\n"));

    [Fact]
    public void The_device_is_one()
        => Assert.Equal(["the device kube-ipvs0"], IpvsSigns.Of(["lo", "eth0", "kube-ipvs0", "ipvs0"], table: null, sets: null));

    [Fact]
    public void The_plan_names_all_signs_and_is_stopped_by_them()
    {
        var signs = Of(Header + Servers, "KUBE-CLUSTER-IP\n");

        var (report, text) = Plan(signs);

        Assert.Equal(["virtual servers in /proc/net/ip_vs (4)", "ipsets KUBE-* (1)"], report.Ipvs);
        var stop = Assert.Single(report.Stops);
        Assert.StartsWith(
            "kube-proxy's IPVS mode left virtual servers in /proc/net/ip_vs (4), ipsets KUBE-* (1): migrate does not remove that", stop,
            StringComparison.Ordinal);
        Assert.Contains("kube-proxy --cleanup", stop, StringComparison.Ordinal);
        Assert.Contains("virtual servers in /proc/net/ip_vs (4)", text, StringComparison.Ordinal);
        Assert.Contains("Stopped by:", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_sign_it_says_so_and_is_not_stopped()
    {
        var (report, text) = Plan(Of(Header, sets: "calico\n"));

        Assert.Empty(report.Stops);
        Assert.Contains("no sign of it", text, StringComparison.Ordinal);
    }

    private static IReadOnlyList<string> Of(string table, string? sets) => IpvsSigns.Of([], table.Split('\n'), sets);

    private static (MigrationReport Report, string Text) Plan(IReadOnlyList<string> signs)
    {
        var agent = new AgentCheck(new AgentFinding(true, "ready"), [], []);
        var report = MigrationPlan.Of(new Survey([], [], [], signs, [], [], []), agent, Saved);
        using var output = new StringWriter();
        new MigrationText(new Terminal(output, output, width: null)).Write(report);
        return (report, output.ToString());
    }
}
