using System.Text;

namespace EbpfLb.Model;

/// <summary>A size of the BPF maps that can be asked for; its option and its field follow from its name.</summary>
public enum TableSize
{
    Services,
    Frontends,
    Backends,
    Slots,
    MaglevPlaces,
    Affinity,
    Flows,
    SourceRanges,
    NodeAddresses,
    Devices,
}

/// <summary>How users name the sizes.</summary>
public static class TableSizeNames
{
    /// <summary>"--max-source-ranges".</summary>
    public static string Option(this TableSize size)
    {
        var text = new StringBuilder("--max");
        foreach (var letter in size.ToString())
        {
            if (char.IsUpper(letter)) text.Append('-');
            text.Append(char.ToLowerInvariant(letter));
        }
        return text.ToString();
    }

    /// <summary>Under `sizes` of an EbpfLbConfiguration: "sourceRanges".</summary>
    public static string Field(this TableSize size) => size.ToString() is var name ? char.ToLowerInvariant(name[0]) + name[1..] : "";
}
