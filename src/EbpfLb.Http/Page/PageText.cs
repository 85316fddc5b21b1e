using System.Globalization;

namespace EbpfLb.Http.Page;

/// <summary>Values as the page writes them; what is not known is "-", never 0.</summary>
internal static class PageText
{
    public const string Unknown = "-";

    public static string Rate(double? rate)
        => rate is { } known ? known.ToString(known < 10 ? "0.0" : "#,0", CultureInfo.InvariantCulture) : Unknown;

    public static string Count(long? count) => count is { } known ? known.ToString("#,0", CultureInfo.InvariantCulture) : Unknown;

    public static string Count(ulong? count) => count is { } known ? known.ToString("#,0", CultureInfo.InvariantCulture) : Unknown;

    public static string Or(string? text) => string.IsNullOrEmpty(text) ? Unknown : text;

    public static string Id(uint id) => id == 0 ? Unknown : id.ToString(CultureInfo.InvariantCulture);

    public static string Time(DateTimeOffset time)
        => time.UtcDateTime.ToString("yyyy-MM-dd HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Machine(DateTimeOffset time)
        => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    public static string Seconds(TimeSpan time) => time.TotalSeconds.ToString("#,0", CultureInfo.InvariantCulture) + " s";

    public static string Share(PageMap map)
        => map.Capacity == 0 ? Unknown : (100.0 * map.Entries / map.Capacity).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}
