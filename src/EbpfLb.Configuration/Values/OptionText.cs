using System.Globalization;

namespace EbpfLb.Configuration.Values;

/// <summary>Values as they are typed at the command line. What values may be is the configuration's to check.</summary>
public static class OptionText
{
    /// <summary>As Go's strconv.ParseBool.</summary>
    /// <exception cref="FormatException">It is none.</exception>
    public static bool Bool(string text) => text switch
    {
        "1" or "t" or "T" or "true" or "TRUE" or "True" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        _ => throw new FormatException($"'{text}' is neither true nor false"),
    };

    /// <exception cref="FormatException">It is none.</exception>
    public static int Int(string text) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
        ? number
        : throw new FormatException($"'{text}' is not a whole number");

    /// <exception cref="FormatException">It is none.</exception>
    public static double Number(string text)
        => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
        ? number
        : throw new FormatException($"'{text}' is not a number");

    /// <exception cref="FormatException">It is none.</exception>
    public static TimeSpan Time(string text) => DurationText.Parse(text);

    /// <summary>The parts of everything that was given.</summary>
    public static string[] List(string[] texts)
        => [.. texts.SelectMany(t => t.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))];
}
