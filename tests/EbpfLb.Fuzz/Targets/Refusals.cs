using System.Text.Json;

namespace EbpfLb.Fuzz.Targets;

/// <summary>The exceptions that ApiAnswer and ApiWatch make an explained failure of.</summary>
internal static class Refusals
{
    public static bool IsKnown(Exception e) => e is JsonException or InvalidOperationException or FormatException or ArgumentException
        or IOException or InvalidDataException;
}
