using System.Globalization;
using EbpfLb.Testing.Processes;

namespace EbpfLb.E2E.Upgrades;

/// <summary>
/// An agent is replaced by one whose maps have another layout and back, while clients outside and on the node have connections and make new
/// ones. Here once, with one of them; `make upgrade` does it with each of tools/upgrade/variant.sh, many times.
/// </summary>
public sealed class UpgradeTests
{
    public static TheoryData<string> Variants { get; } = [
        .. Setting("EBPFLB_UPGRADE_VARIANTS", "every").Split(' ', StringSplitOptions.RemoveEmptyEntries)];

    [Theory]
    [MemberData(nameof(Variants))]
    public void An_upgrade_to_another_layout_and_back_cuts_and_moves_nothing(string variant)
    {
        using var traffic = new UpgradeTraffic();
        var requests = long.Parse(Setting("EBPFLB_UPGRADE_REQUESTS", "0"), CultureInfo.InvariantCulture);
        string[] binaries = [BinaryOf(variant), TestNode.Binary];
        var report = traffic.Report;
        var switches = 0;
        do
        {
            foreach (var binary in binaries)
            {
                traffic.Switch(binary);
                switches++;
            }
            report = traffic.Report;
        }
        while (report.Requests < requests && report.IsClean);

        if (Environment.GetEnvironmentVariable("EBPFLB_UPGRADE_FIGURES") is { } figures)
            File.AppendAllText(figures, $"| {variant} | {switches} | {report.Row} |\n");
        Assert.True(report.IsClean, $"{report}\n{traffic.Logs}");
    }

    /// <summary>What the program in front of the stack opens is brought along, too.</summary>
    [Fact]
    public void With_XDP_an_upgrade_and_back_cuts_and_moves_nothing()
    {
        using var traffic = new UpgradeTraffic(["--xdp", "driver", "--sync-period", "1s"]);
        foreach (var binary in (string[])[BinaryOf("every"), TestNode.Binary, BinaryOf("every"), TestNode.Binary]) traffic.Switch(binary);

        Assert.True(traffic.Report.IsClean, $"{traffic.Report}\n{traffic.Logs}");
    }

    internal static string BinaryOf(string variant) => Path.Combine(RepositoryPaths.Root, "build", "upgrade", variant, "ebpflb");

    private static string Setting(string name, string otherwise)
        => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : otherwise;
}
