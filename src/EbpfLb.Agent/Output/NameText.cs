namespace EbpfLb.Agent.Output;

/// <summary>How services and addresses are written in tables.</summary>
internal static class NameText
{
    /// <summary>"default/web:http", "default/web", or "#7" when only the id is known.</summary>
    public static string Of(string? service, string? port, uint? id)
        => service is null ? $"#{id}" : string.IsNullOrEmpty(port) ? service : $"{service}:{port}";

    /// <summary>"10.0.0.1:80" or "[fd00::1]:80".</summary>
    public static string Endpoint(string address, int port) => address.Contains(':') ? $"[{address}]:{port}" : $"{address}:{port}";
}
