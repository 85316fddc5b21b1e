using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Agent.Verification;

/// <summary>How a table that was kept up to date differs from one that was compiled at once.</summary>
internal static class TableDifferences
{
    private const int LongestText = 300;

    /// <param name="service">One that is not right.</param>
    public static Difference Of(CheckedService service)
        => Of(service.Name, service.Expected?.Ports.ToString() ?? Difference.None, service.Found?.Ports.ToString() ?? Difference.None);

    private static Difference Of(ObjectName service, string expected, string found)
        => new(VerifyStage.Table, $"Service {service}", "ports", Short(expected), Short(found));

    private static string Short(string text) => text.Length <= LongestText ? text : text[..LongestText] + "...";
}
