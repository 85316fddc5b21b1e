namespace EbpfLb.Configuration.Values;

/// <summary>Ranges of ports: "61000-65535".</summary>
public static class PortsText
{
    public static bool TryParse(string text, out (ushort First, ushort Last) ports)
    {
        ports = default;
        if (text.Split('-', StringSplitOptions.TrimEntries) is not [var first, var last]) return false;
        if (!ushort.TryParse(first, out var low) || !ushort.TryParse(last, out var high) || low == 0 || low > high) return false;
        ports = (low, high);
        return true;
    }
}
