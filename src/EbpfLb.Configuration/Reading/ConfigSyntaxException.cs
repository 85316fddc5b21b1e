namespace EbpfLb.Configuration.Reading;

/// <summary>The text is neither YAML nor JSON.</summary>
internal sealed class ConfigSyntaxException(int line, string message) : Exception(message)
{
    public int Line => line;
}
