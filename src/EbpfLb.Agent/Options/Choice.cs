namespace EbpfLb.Agent.Options;

/// <summary>Values that are names of an enum, in lower case.</summary>
internal static class Choice
{
    /// <exception cref="FormatException">Not one of the names; the message lists them.</exception>
    public static T Parse<T>(string text) where T : struct, Enum
        => Enum.GetNames<T>().FirstOrDefault(n => n.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } name
            ? Enum.Parse<T>(name)
            : throw new FormatException(
                $"'{text}' is not one of {string.Join(", ", Enum.GetNames<T>().Select(n => n.ToLowerInvariant()))}");
}
