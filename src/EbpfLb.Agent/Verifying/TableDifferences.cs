using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Verifying;

/// <summary>How a table that was kept up to date differs from one that was compiled at once.</summary>
internal static class TableDifferences
{
    private const int LongestText = 300;

    public static IEnumerable<Difference> Between(ForwardingTable expected, ForwardingTable found)
    {
        foreach (var service in expected.Services)
        {
            var kept = found.Find(service.Name);
            if (!service.Equals(kept)) yield return Of(service.Name, service.Ports.ToString(), kept?.Ports.ToString() ?? Difference.None);
        }
        foreach (var service in found.Services)
            if (expected.Find(service.Name) is null) yield return Of(service.Name, Difference.None, service.Ports.ToString());
    }

    private static Difference Of(ObjectName service, string expected, string found)
        => new(VerifyStage.Table, $"Service {service}", "ports", Short(expected), Short(found));

    private static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText] + "...";
}
