using System.Security.Cryptography;
using System.Text;

namespace EbpfLb.Http.Page;

/// <summary>Stylesheet and script of the page. They are the only ones that a browser takes: their hashes are in the policy.</summary>
internal static class PageStyle
{
    /// <summary>In milliseconds.</summary>
    public const string ReloadPeriod = "5000";

    public const string Css = """
        :root{color-scheme:light dark;--bg:#fff;--fg:#1b1f24;--dim:#57606a;--line:#d0d7de;--head:#f6f8fa;--link:#0550ae;--ok:#116329;
        --bad:#a40e26;--warn:#7a4100}
        @media(prefers-color-scheme:dark){:root{--bg:#0d1117;--fg:#e6edf3;--dim:#9da7b3;--line:#30363d;--head:#161b22;--link:#79c0ff;
        --ok:#56d364;--bad:#ff938a;--warn:#e3b341}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:0 1rem 2rem;max-width:75rem;background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;
        overflow-wrap:anywhere}
        a{color:var(--link)}
        a:focus-visible,input:focus-visible,select:focus-visible,button:focus-visible,.scroll:focus-visible{outline:2px solid var(--link);
        outline-offset:2px}
        header{display:flex;flex-wrap:wrap;gap:.25rem 1rem;align-items:baseline;padding:.75rem 0 .25rem}
        h1{font-size:1.3rem;margin:0}
        h2{font-size:1.15rem;margin:1.2rem 0 .5rem}
        h3{font-size:1rem;margin:1.4rem 0 .4rem}
        h4{font-size:.9rem;margin:.8rem 0 .2rem}
        nav ul{display:flex;flex-wrap:wrap;gap:.25rem;list-style:none;margin:0;padding:0;border-bottom:1px solid var(--line)}
        nav a{display:block;padding:.45rem .6rem;text-decoration:none;border-bottom:3px solid transparent}
        nav a[aria-current]{color:var(--fg);font-weight:600;border-color:var(--link)}
        .state{font-weight:600}
        .ok{color:var(--ok)}
        .bad{color:var(--bad)}
        .warn{color:var(--warn)}
        .dim,.none,footer{color:var(--dim)}
        form{display:flex;flex-wrap:wrap;gap:.5rem .75rem;align-items:end;margin:.75rem 0}
        label{display:block;font-size:.85rem;color:var(--dim)}
        input,select,button{display:block;font:inherit;color:inherit;background:var(--bg);border:1px solid var(--dim);border-radius:4px;
        padding:.35rem .5rem;max-width:100%;min-height:2.4rem}
        button{background:var(--head);font-weight:600}
        .scroll{overflow-x:auto}
        table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
        caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        th,td{padding:.35rem .6rem;text-align:left;vertical-align:top;border-bottom:1px solid var(--line)}
        thead th{background:var(--head);font-size:.85rem;white-space:nowrap}
        .cards thead th{white-space:normal;overflow-wrap:normal}
        tbody th{font-weight:600}
        .cards tbody th{min-width:8.5rem}
        .n{text-align:right;white-space:nowrap}
        td,.scroll th{overflow-wrap:normal}
        .wide{overflow-wrap:anywhere}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem;margin:.5rem 0}
        dt{color:var(--dim)}
        dd{margin:0}
        pre{background:var(--head);border:1px solid var(--line);border-radius:4px;padding:.75rem;overflow-x:auto;font-size:.85rem}
        .spark{width:7.5rem;height:1.4rem;vertical-align:middle}
        .large{width:100%;height:5rem;border:1px solid var(--line);border-radius:4px}
        .spark path{fill:none;stroke:var(--link);stroke-width:1.5;vector-effect:non-scaling-stroke}
        .pages{display:flex;gap:1rem;margin:.75rem 0}
        footer{margin-top:2rem;font-size:.85rem;border-top:1px solid var(--line);padding-top:.5rem}
        @media(max-width:45rem){
        .cards,.cards tbody,.cards td,.cards th{display:block}
        .cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
        .cards tbody tr{display:grid;grid-template-columns:1fr 1fr;gap:0 .75rem;border:1px solid var(--line);border-radius:6px;
        margin:0 0 .6rem;padding:.3rem .6rem}
        .cards tbody th{min-width:0}
        .cards tbody th,.cards .wide,.cards .all{grid-column:1/-1}
        .cards td,.cards th{border:0;padding:.1rem 0;text-align:left;white-space:normal;overflow-wrap:anywhere}
        .cards td::before{content:attr(data-label) ": ";color:var(--dim)}
        dl{grid-template-columns:1fr;gap:0}
        dd{margin:0 0 .4rem}
        }
        """;

    /// <summary>Loads the page anew, but not while somebody types, marks text or looks elsewhere.</summary>
    public const string Script = $$"""
        setTimeout(function again(){var a=document.activeElement;
        if(document.hidden||a&&/^(INPUT|SELECT|BUTTON)$/.test(a.tagName)||String(getSelection()))setTimeout(again,1000);
        else location.reload()},{{ReloadPeriod}})
        """;

    /// <summary>Nothing is loaded, nothing runs but <see cref="Script"/>, and no other page may show this one in itself.</summary>
    public static string Policy { get; } = "default-src 'none'; "
        + $"style-src '{HashOf(Css)}'; script-src '{HashOf(Script)}'; img-src data:; form-action 'self'; base-uri 'none'; "
        + "frame-ancestors 'none'";

    private static string HashOf(string text) => "sha256-" + Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
}
