using EbpfLb.Configuration.Own;

namespace EbpfLb.Agent.Commands;

/// <summary>Variables that choose an instance for every command. Options go before them, and they go before a configuration file.</summary>
/// <param name="variable">The value of a variable; null or empty: it is not set.</param>
internal sealed class InstanceEnvironment(Func<string, string?> variable)
{
    public const string InstanceVariable = "EBPFLB_INSTANCE";

    public const string RunDirectoryVariable = "EBPFLB_RUN_DIR";

    private const int MaxNameLength = 63;

    public string? Instance => Set(InstanceVariable);

    public string? RunDirectory => Set(RunDirectoryVariable);

    /// <summary>What is wrong with a value; null: nothing.</summary>
    public string? Problem
    {
        get
        {
            try
            {
                if (Instance is { } name) _ = CheckName(name);
                return null;
            }
            catch (FormatException e)
            {
                return $"{InstanceVariable}: {e.Message}";
            }
        }
    }

    public EbpfLbConfiguration Over(EbpfLbConfiguration file)
        => file with { Instance = Instance ?? file.Instance, RunDir = RunDirectory ?? file.RunDir };

    /// <summary>The name becomes a directory of the BPF file system, which refuses dots.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static string CheckName(string name)
        => name.Length is > 0 and <= MaxNameLength && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            ? name
            : throw new FormatException($"'{name}' is not an instance name; use 1 to {MaxNameLength} letters, digits, '-' or '_'");

    private string? Set(string name) => variable(name) is { Length: > 0 } value ? value : null;
}
