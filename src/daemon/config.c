/*
 * config: mtasts.conf(5) into an object. See config.h.
 *
 * libconfuse knows the form of the file: sections, lists, quotes, comments.
 * To it every value is a text; what the text must be is in our own tables.
 * It takes an end of file for the end of a section or a comment, and an
 * option that is set twice for set the second time: both are faults here.
 */
#include "daemon/config.h"

#include "base/arena.h"
#include "base/near.h"
#include "daemon/config_value.h"
#include "daemon/read_file.h"
#include <confuse.h>
#include <errno.h>
#include <mtasts/error.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#define ARENA_MAX (4u << 20) /* octets of one configuration */
#define SECTIONS_MAX 8u
#define MESSAGE_MAX 512u /* octets of one message of libconfuse */

/* Where an option was seen in the file, and how much of it so far. */
struct sighting {
    int lines[CONFIG_LIST_MAX + 1]; /* of its words */
    unsigned count;                 /* of its words */
    bool closed;                    /* a list in braces has ended */
};

struct loading {
    struct config *config;
    struct buf *faults;
    bool failed;
    struct sighting sightings[SECTIONS_MAX][CONFIG_OPTIONS_MAX];
};

/* libconfuse hands its callbacks no context. NULL: say nothing. */
static _Thread_local struct loading *loading;

/* ---- complaints ---- */

/* What comes from the file may not end the line or move a cursor. */
static void put_harmless(struct buf *buf, const char *text)
{
    for (; *text; text++)
        buf_putc(buf,
                 (unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text);
}

static void complain(struct loading *load, int line, const char *format, ...)
    _printf_(3, 4);

static void complain(struct loading *load, int line, const char *format, ...)
{
    char text[CONFIG_TEXT_MAX + MESSAGE_MAX];
    va_list args;

    va_start(args, format);
    vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    load->failed = true;
    put_harmless(load->faults, load->config->path);
    if (line > 0)
        buf_printf(load->faults, ":%d", line);
    if (*load->config->path)
        buf_puts(load->faults, ": ");
    put_harmless(load->faults, text);
    buf_putc(load->faults, '\n');
}

/* ---- what libconfuse tells while it reads ---- */

static const struct config_section *section_of(const cfg_t *cfg,
                                               size_t *ret_index)
{
    for (size_t i = 1; i < config_section_count; i++) {
        if (strcmp(cfg->name, config_sections[i].name) == 0) {
            *ret_index = i;
            return &config_sections[i];
        }
    }
    *ret_index = 0;
    return &config_sections[0];
}

static const struct config_option *
option_of(const struct config_section *section, const char *name,
          size_t *ret_index)
{
    for (size_t i = 0; section->options[i].name; i++) {
        if (strcmp(section->options[i].name, name) == 0) {
            *ret_index = i;
            return &section->options[i];
        }
    }
    return NULL;
}

/* Whether this is said a second time: libconfuse has begun anew, or a list
   that has ended is neither longer nor merely ending. */
static bool is_again(const struct config_option *option,
                     const struct sighting *sighting, unsigned count)
{
    if (sighting->count == 0)
        return false;
    return !config_type_is_list(option->type) || count < sighting->count ||
           (count == sighting->count && sighting->closed);
}

/* An option was set, a list got one item more, or ended. */
static int on_option(cfg_t *cfg, cfg_opt_t *opt)
{
    size_t section_index = 0;
    size_t index = 0;
    unsigned count = cfg_opt_size(opt);
    struct sighting *sighting;
    const struct config_section *section;
    const struct config_option *option;

    if (!loading)
        return 0;
    section = section_of(cfg, &section_index);
    option = option_of(section, opt->name, &index);
    if (!option)
        return 0;
    sighting = &loading->sightings[section_index][index];
    if (is_again(option, sighting, count)) {
        complain(loading, cfg->line,
                 "%s is set a second time; the first is in line %d", opt->name,
                 sighting->lines[0]);
        return -1;
    }
    if (count > 0 && count == sighting->count) {
        sighting->closed = true;
    } else if (count > 0) {
        sighting->lines[MIN_OF(count - 1, CONFIG_LIST_MAX)] = cfg->line;
        sighting->closed = false;
    }
    sighting->count = count;
    return 0;
}

static bool elsewhere(const char *name, const struct config_section *here,
                      struct buf *buf)
{
    size_t index;

    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *section = &config_sections[i];

        if (section == here || !option_of(section, name, &index))
            continue;
        if (section->name)
            buf_printf(buf, "; it belongs into the section %s { }",
                       section->name);
        else
            buf_puts(buf, "; it belongs outside of the section");
        return true;
    }
    return false;
}

static void complain_unknown(const cfg_t *cfg, const char *name)
{
    size_t index;
    const struct config_section *section = section_of(cfg, &index);
    struct near near = near_start(name);
    _cleanup_buf_ struct buf hint = BUF(MESSAGE_MAX);

    if (!elsewhere(name, section, &hint)) {
        for (size_t i = 0; section->options[i].name; i++)
            near_try(&near, section->options[i].name);
        for (size_t i = 1; index == 0 && i < config_section_count; i++)
            near_try(&near, config_sections[i].name);
        if (near_best(&near))
            buf_printf(&hint, "; did you mean '%s'?", near_best(&near));
        else
            buf_puts(&hint, "; see mtasts.conf(5) for those that there are");
    }
    complain(loading, cfg->line, "there is no option '%s'%s%s%s", name,
             index ? " in the section " : "", index ? section->name : "",
             buf_text(&hint));
}

static void on_fault(cfg_t *cfg, const char *format, va_list args)
    _printf_(2, 0);

static void on_fault(cfg_t *cfg, const char *format, va_list args)
{
    char text[MESSAGE_MAX];

    if (!loading)
        return;
    /* In another language it is said without the hint. */
    if (strcmp(format, "no such option '%s'") == 0) {
        complain_unknown(cfg, va_arg(args, const char *));
        return;
    }
    vsnprintf(text, sizeof(text), format, args);
    complain(loading, cfg ? cfg->line : 0, "%s", text);
}

/* ---- libconfuse's tables from ours ---- */

static size_t add_options(const struct config_section *section, cfg_opt_t *opts)
{
    const cfg_opt_t text = CFG_STR(NULL, NULL, CFGF_NODEFAULT);
    const cfg_opt_t list = CFG_STR_LIST(NULL, NULL, CFGF_NODEFAULT);
    size_t count = 0;

    for (const struct config_option *option = section->options;
         option->name && count < CONFIG_OPTIONS_MAX - 1; option++, count++) {
        opts[count] = config_type_is_list(option->type) ? list : text;
        opts[count].name = option->name;
        opts[count].validcb = on_option;
    }
    return count;
}

static cfg_t *reader_new(void)
{
    const cfg_opt_t end = CFG_END();
    cfg_opt_t root[CONFIG_OPTIONS_MAX + SECTIONS_MAX];
    cfg_opt_t parts[SECTIONS_MAX][CONFIG_OPTIONS_MAX];
    size_t count = add_options(&config_sections[0], root);
    cfg_t *cfg;

    for (size_t i = 1; i < config_section_count; i++) {
        const cfg_opt_t section =
            CFG_SEC(config_sections[i].name, parts[i], CFGF_NONE);
        size_t used = add_options(&config_sections[i], parts[i]);

        parts[i][used] = end;
        root[count++] = section;
    }
    root[count] = end;
    cfg = cfg_init(root, CFGF_NONE); /* copies them */
    if (cfg)
        cfg_set_error_function(cfg, on_fault);
    return cfg;
}

static void reader_free(cfg_t *cfg)
{
    cfg_free(cfg);
}

DEFINE_CLEANUP(cfg_t *, reader_free, reader)

/* ---- values ---- */

static int complain_value(struct loading *load,
                          const struct config_section *section,
                          const struct config_option *option, int line,
                          const char *word, const struct buf *why)
{
    complain(load, line, "%s%s%s: '%s' will not do: %s",
             section->name ? section->name : "", section->name ? "." : "",
             option->name, word, buf_text(why));
    return -MTASTS_ESYNTAX;
}

/* A default takes its folder from what the file says elsewhere. */
static int set_default(struct loading *load,
                       const struct config_section *section,
                       const struct config_option *option, struct buf *why)
{
    int error = config_value_default(option, load->config, why);

    if (error != -MTASTS_EINVAL)
        return error;
    complain(load, 0, "%s%s%s: the default will not do: %s; set it",
             section->name ? section->name : "", section->name ? "." : "",
             option->name, buf_text(why));
    return -MTASTS_ESYNTAX;
}

/* As the file says, or else the default. */
static int set_option(struct loading *load,
                      const struct config_section *section,
                      const struct config_option *option, cfg_t *cfg,
                      const struct sighting *sighting)
{
    const char *words[CONFIG_LIST_MAX + 1];
    unsigned count = MIN_OF(cfg_size(cfg, option->name), CONFIG_LIST_MAX + 1);
    size_t at = 0;
    int error;
    _cleanup_buf_ struct buf why = BUF(CONFIG_TEXT_MAX);

    if (sighting->count == 0 && count == 0)
        return set_default(load, section, option, &why);
    for (unsigned i = 0; i < count; i++)
        words[i] = cfg_getnstr(cfg, option->name, i);
    error = config_value_set(option, words, count, load->config, &why, &at);
    if (error != -MTASTS_EINVAL)
        return error;
    error = complain_value(load, section, option, sighting->lines[at],
                           words[at], &why);
    /* Others may refer to it. */
    config_value_default(option, load->config, &why);
    return error;
}

static int set_options(struct loading *load, cfg_t *cfg)
{
    int result = 0;

    for (size_t i = 0; i < config_section_count; i++) {
        const struct config_section *section = &config_sections[i];
        cfg_t *part = section->name ? cfg_getsec(cfg, section->name) : cfg;

        for (size_t j = 0; section->options[j].name; j++) {
            int error = set_option(load, section, &section->options[j], part,
                                   &load->sightings[i][j]);

            if (error == -MTASTS_ENOMEM)
                return error;
            if (error)
                result = error;
        }
    }
    return result;
}

/* ---- what options say of one another ---- */

static const struct config_option *find(const char *section_name,
                                        const char *name,
                                        const struct loading *load,
                                        int *ret_line)
{
    const struct config_option *option = NULL;
    size_t index = 0;

    for (size_t i = 0; i < config_section_count && !option; i++) {
        const char *here = config_sections[i].name;

        if (here && section_name ? strcmp(here, section_name) != 0
                                 : here != section_name)
            continue;
        option = option_of(&config_sections[i], name, &index);
        *ret_line = load->sightings[i][index].lines[0];
    }
    return option;
}

static void check_order(struct loading *load, const struct config_order *order)
{
    int low_line = 0;
    int high_line = 0;
    const struct config_option *low =
        find(order->section, order->low, load, &low_line);
    const struct config_option *high =
        find(order->section, order->high, load, &high_line);
    _cleanup_buf_ struct buf values = BUF(MESSAGE_MAX);

    if (!low || !high ||
        config_value_amount(low, load->config) <=
            config_value_amount(high, load->config))
        return;
    buf_printf(&values, "%s (", low->name);
    config_value_write(low, load->config, &values);
    buf_printf(&values, ") is more than %s (", high->name);
    config_value_write(high, load->config, &values);
    complain(load, MAX_OF(low_line, high_line),
             "%s); lower the one or raise the other", buf_text(&values));
}

static int check_whole(struct loading *load)
{
    const struct config_global *global = &load->config->global;
    int line = 0;

    for (size_t i = 0; i < config_order_count; i++)
        check_order(load, &config_orders[i]);
    if (*global->resolver && *global->root_hints) {
        find(NULL, "root-hints", load, &line);
        complain(load, line,
                 "resolver and root-hints exclude each other; either a "
                 "resolver is asked or the authoritative servers are");
    }
    return load->failed ? -MTASTS_ESYNTAX : 0;
}

/* ---- the whole ---- */

/*
 * Whether the text ends inside of a section or a comment, which libconfuse
 * takes: then one more brace is taken too, and only then.
 */
static int check_end(struct loading *load, const char *text, size_t len)
{
    _cleanup_(cleanup_reader) cfg_t *cfg = reader_new();
    _cleanup_buf_ struct buf longer = BUF(CONFIG_FILE_MAX + 8);
    int line = 1;
    int result;

    if (!cfg || buf_append(&longer, text, len) < 0 ||
        buf_puts(&longer, "\n}") < 0)
        return -MTASTS_ENOMEM;
    loading = NULL;
    result = cfg_parse_buf(cfg, longer.data);
    loading = load;
    if (result != CFG_SUCCESS)
        return 0;
    for (size_t i = 0; i + 1 < len; i++)
        line += text[i] == '\n';
    complain(load, line,
             "the end, but a section or a comment is still open; close it");
    return -MTASTS_ESYNTAX;
}

static int read_text(struct loading *load, const char *text, size_t len)
{
    _cleanup_(cleanup_reader) cfg_t *cfg = reader_new();
    int error = 0;

    if (!cfg)
        return -MTASTS_ENOMEM;
    if (memchr(text, '\0', len)) {
        complain(load, 0, "holds a NUL octet; a text file is expected");
        return -MTASTS_ESYNTAX;
    }
    if (cfg_parse_buf(cfg, text) != CFG_SUCCESS) {
        if (!load->failed)
            complain(load, 0, "is not in the form of mtasts.conf(5)");
        return -MTASTS_ESYNTAX;
    }
    error = check_end(load, text, len);
    if (!error)
        error = set_options(load, cfg);
    return error ? error : check_whole(load);
}

static int config_new(const char *path, struct config **ret_config)
{
    struct arena *arena;
    struct config *config;
    int error = arena_new(ARENA_MAX, &arena);

    if (error)
        return error;
    config = arena_new_of(arena, struct config);
    if (config) {
        config->arena = arena;
        config->path = arena_string(arena, path);
    }
    if (!config || !config->path) {
        arena_free(arena);
        return -MTASTS_ENOMEM;
    }
    *ret_config = config;
    return 0;
}

void config_free(struct config *config)
{
    if (config)
        arena_free(config->arena); /* which it is in itself */
}

int config_parse(const char *path, const char *text, size_t len,
                 struct buf *faults, struct config **ret_config)
{
    _cleanup_config_ struct config *config = NULL;
    _cleanup_free_ struct loading *load = calloc(1, sizeof(*load));
    int error = config_new(path, &config);

    if (error || !load)
        return -MTASTS_ENOMEM;
    load->config = config;
    load->faults = faults;
    loading = load;
    error = read_text(load, len ? text : "", len);
    loading = NULL;
    if (error)
        return error;
    *ret_config = TAKE_PTR(config);
    return 0;
}

int config_defaults(struct config **ret_config)
{
    _cleanup_buf_ struct buf faults = BUF(CONFIG_FAULTS_MAX);

    return config_parse("", "", 0, &faults, ret_config);
}

int config_load(const char *path, struct buf *faults,
                struct config **ret_config)
{
    _cleanup_buf_ struct buf text = BUF(CONFIG_FILE_MAX);
    struct stat status = {0};
    int error;

    /* First: what is written while it is read has changed since. */
    if (stat(path, &status) < 0)
        status.st_ino = 0;
    error = read_file(path, &text);
    if (!error) {
        error = config_parse(path, text.data, text.len, faults, ret_config);
        if (!error) {
            (*ret_config)->written = status.st_mtim;
            (*ret_config)->inode = status.st_ino;
        }
        return error;
    }
    put_harmless(faults, path);
    buf_printf(faults, ": %s\n", read_file_why(error));
    return error;
}

bool config_has_changed(const struct config *config)
{
    struct stat status;

    if (config->inode == 0)
        return false;
    if (stat(config->path, &status) < 0)
        return errno == ENOENT;
    return status.st_ino != config->inode ||
           status.st_mtim.tv_sec != config->written.tv_sec ||
           status.st_mtim.tv_nsec != config->written.tv_nsec;
}
