namespace EbpfLb.Agent.Nodes;

/// <summary>Settings of the network, by their path below /proc/sys/net: "ipv4/ip_forward".</summary>
/// <param name="root">Shows the network namespace of whoever opens it.</param>
internal sealed class Sysctls(string root)
{
    public const string DefaultRoot = "/proc/sys/net";

    /// <summary>null when there is no such setting.</summary>
    public string? Read(string name)
    {
        try
        {
            return File.ReadAllText(Path.Combine(root, name)).Trim();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Why it was not possible, null when it was.</summary>
    public string? Write(string name, string value)
    {
        try
        {
            File.WriteAllText(Path.Combine(root, name), value);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }
}
